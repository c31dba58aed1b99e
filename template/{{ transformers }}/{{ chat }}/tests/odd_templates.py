"""Chat templates that can't write every conversation, or depend on the day."""

TURNS = """{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}{{ eos_token }}
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
NO_SYSTEM = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}" + TURNS
)
LOST_SYSTEM = TURNS.replace("in messages %}", "in messages if m.role != 'system' %}")
TODAY = (
    "{% if strftime_now is defined %}{% set day = strftime_now('%d %b %Y') %}{% endif %}"
    "<|im_start|>{{ day }}\n" + TURNS
)
ANY_DATE = "{% set form = '%Y' %}{{ strftime_now(form) }}" + TURNS
