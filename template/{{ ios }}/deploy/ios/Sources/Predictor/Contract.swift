import Foundation

/// Inputs and outputs of an exported model: the parts of contract.json that an app needs.
public struct Contract: Decodable, Sendable {
    /// Probabilities of `labels`, the last of two being predicted from `threshold` on; or values.
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
