"""Endpoints of your own: shown in /docs, and behind the same key as predictions."""

from fastapi import APIRouter

router = APIRouter()
