import Foundation
import Tokenizers

/// What the model is asked: a text.
public typealias Input = String

public enum PredictorError: Error, Equatable {
    /// The model's answer does not hold what the contract promises.
    case noOutput(String)
}

extension Contract {
    /// `pad` fills up a text of few tokens; it is not looked at.
    public struct Matrix: Decodable, Sendable {
        public let name: String
        public let shape: [Int?]
        public let pad: Int
    }
}

/// Turns a text into the numbers of its tokens with the tokenizer beside the package.
struct Encoder {
    private let matrix: Contract.Matrix
    private let tokenizer: any Tokenizer

    init(folder: URL) async throws {
        matrix = try Contract(folder: folder).matrix
        tokenizer = try await AutoTokenizer.from(modelFolder: folder)
    }

    /// Return what the network takes of a text: cut, but for the token that ends it, and filled up.
    func encode(_ text: Input) throws -> [Float] {
        let length = matrix.shape[1] ?? 0
        var ids = tokenizer.encode(text: text)
        if ids.count > length {
            ids = Array(ids.prefix(length - 1) + ids.suffix(1))
        }
        let filled = ids + Array(repeating: matrix.pad, count: length - ids.count)
        return filled.map { Float($0) }
    }
}
