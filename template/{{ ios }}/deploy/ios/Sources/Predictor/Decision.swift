extension Contract.Outputs {
    /// Return the predicted label; nil for regression.
    public func label(of values: [Float]) -> String? {
        guard let labels else { return nil }
        if let threshold {
            return values[1] >= threshold ? labels[1] : labels[0]
        }
        let likeliest = values.indices.max { values[$0] < values[$1] }
        return likeliest.map { labels[$0] }
    }
}
