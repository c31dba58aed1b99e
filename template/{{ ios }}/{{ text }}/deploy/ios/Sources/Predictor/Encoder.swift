import Foundation
import Tokenizers

/// The model's input: a text.
public typealias Input = String

public enum PredictorError: Error, Equatable {
    /// The model's output lacks what the contract defines.
    case noOutput(String)
}

extension Contract {
    /// `pad` pads short texts; it is masked.
    public struct Matrix: Decodable, Sendable {
        public let name: String
        public let shape: [Int?]
        public let pad: Int
    }
}

/// Turns a text into token ids, with the tokenizer beside the package.
struct Encoder {
    private let matrix: Contract.Matrix
    private let tokenizer: any Tokenizer

    init(folder: URL) async throws {
        matrix = try Contract(folder: folder).matrix
        tokenizer = try await AutoTokenizer.from(modelFolder: folder)
    }

    /// Return the network's input for a text: truncated, but for its end token, and padded.
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
