import Foundation

/// The model's input: a row of raw values, or `.missing`.
public typealias Input = [String: Value]

/// A raw value, as entered or measured.
public enum Value: Decodable, Sendable {
    case number(Float)
    case text(String)
    case missing

    /// A date, as the days since 1970-01-01 that the model takes.
    public static func date(_ date: Date) -> Value {
        .number(Float(date.timeIntervalSince1970 / 86_400))
    }

    public init(from decoder: Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .missing
        } else if let number = try? container.decode(Float.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }
}

public enum PredictorError: Error, Equatable {
    /// The row lacks this column; use `.missing` for a missing value.
    case noColumn(String)
    /// A number in a column of strings, or vice versa.
    case wrongKind(String)
    /// The model's output lacks what the contract defines.
    case noOutput(String)
}

/// The contract defines how to encode an input.
typealias Encoder = Contract

extension Contract {
    public struct Matrix: Decodable, Sendable {
        public let name: String
        public let shape: [Int?]
        public let columns: [Column]
    }

    /// A column of the matrix, computed `from` a raw one; `levels` have the codes 1, 2, ...
    public struct Column: Decodable, Sendable {
        public enum Part: String, Decodable, Sendable {
            case value, yearday, weekday, missing, code
        }

        public let from: String
        public let part: Part
        public let levels: [String]?

        enum CodingKeys: String, CodingKey {
            case from, levels
            case part = "as"
        }
    }

    /// Return a row of the matrix, bit-identical to training.
    public func encode(_ row: Input) throws -> [Float] {
        try matrix.columns.map { column in
            guard let value = row[column.from] else { throw PredictorError.noColumn(column.from) }
            return try column.encode(value)
        }
    }
}

extension Contract.Column {
    private static let year: Float = 365.2425  // mean Gregorian year, days

    func encode(_ value: Value) throws -> Float {
        if part == .code {
            return try code(of: value)
        }
        let number = try number(of: value)
        switch part {
        case .value, .code:
            return number
        case .missing:
            return number.isNaN ? 1 : 0
        case .yearday:
            return number - (number / Self.year).rounded(.down) * Self.year
        case .weekday:  // 1970-01-01 was a Thursday
            let rest = (number.rounded(.down) + 3).truncatingRemainder(dividingBy: 7)
            return rest < 0 ? rest + 7 : rest
        }
    }

    private func code(of value: Value) throws -> Float {
        let text: String
        switch value {
        case .text(let given): text = given
        case .missing: text = ""
        case .number: throw PredictorError.wrongKind(from)
        }
        let place = levels?.firstIndex(of: text)
        return place.map { Float($0 + 1) } ?? 0
    }

    private func number(of value: Value) throws -> Float {
        switch value {
        case .number(let given): return given
        case .missing: return .nan
        case .text: throw PredictorError.wrongKind(from)
        }
    }
}
