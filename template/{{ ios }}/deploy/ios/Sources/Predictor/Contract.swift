import Foundation

/// What an exported model takes and gives: contract.json, as far as an app needs it.
public struct Contract: Decodable, Sendable {
    /// Probabilities of `labels`, the last of two being called from `threshold` on; or values.
    public struct Outputs: Decodable, Sendable {
        public let name: String
        public let labels: [String]?
        public let threshold: Float?
    }

    public let model: String
    public let matrix: Matrix
    public let outputs: Outputs

    public init(folder: URL) throws {
        let data = try Data(contentsOf: folder.appendingPathComponent("contract.json"))
        self = try JSONDecoder().decode(Contract.self, from: data)
    }
}
