/// The model's input: an image.
public typealias Input = Picture

public enum PredictorError: Error, Equatable {
    /// This system can't decode the file as an image.
    case noPicture
    /// Gray levels of more than 8 bits: convert them by `bits` of contract.json.
    case deepGray
    /// The model's output lacks what the contract defines.
    case noOutput(String)
}

/// The contract defines how to encode an input.
typealias Encoder = Contract

extension Contract {
    public struct Matrix: Decodable, Sendable {
        public let name: String
        public let shape: [Int?]
    }

    /// Return the network's input for an image, bit-identical to training.
    public func encode(_ picture: Input) throws -> [Float] {
        picture.resized(to: matrix.shape[1] ?? 0).rgb.map(Float.init)
    }
}
