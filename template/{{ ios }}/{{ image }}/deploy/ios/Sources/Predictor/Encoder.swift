/// What the model is asked: a picture.
public typealias Input = Picture

public enum PredictorError: Error, Equatable {
    /// The file is no picture that this system can decode.
    case noPicture
    /// The model's answer does not hold what the contract promises.
    case noOutput(String)
}

/// The contract says all that is needed to encode an input.
typealias Encoder = Contract

extension Contract {
    public struct Matrix: Decodable, Sendable {
        public let name: String
        public let shape: [Int?]
    }

    /// Return what the network takes of a picture, bit for bit as in training.
    public func encode(_ picture: Input) throws -> [Float] {
        picture.resized(to: matrix.shape[1] ?? 0).rgb.map(Float.init)
    }
}
