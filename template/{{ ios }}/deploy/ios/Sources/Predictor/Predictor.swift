#if canImport(CoreML)
import CoreML
import Foundation

/// A prediction: the probabilities of all labels and the predicted label, or a single value.
public struct Prediction: Sendable {
    public let values: [Float]
    public let label: String?
}

/// An exported model. `folder` holds contract.json and the package that it names.
public final class Predictor {
    public let contract: Contract
    private let encoder: Encoder
    private let model: MLModel

    /// Compile and load the package. `.cpuOnly` is what was verified; other units round to float16.
    public init(folder: URL, units: MLComputeUnits = .cpuOnly) async throws {
        contract = try Contract(folder: folder)
        encoder = try await Encoder(folder: folder)
        let package = folder.appendingPathComponent(contract.model)
        let compiled = try await MLModel.compileModel(at: package)
        let settings = MLModelConfiguration()
        settings.computeUnits = units
        model = try MLModel(contentsOf: compiled, configuration: settings)
    }

    /// Predict for one input of `Encoder.encode`.
    public func predict(_ input: Input) throws -> Prediction {
        let shape = contract.matrix.shape.map { $0 ?? 1 }
        let encoded = MLShapedArray(scalars: try encoder.encode(input), shape: shape)
        let matrix = MLMultiArray(encoded)
        let inputs = [contract.matrix.name: MLFeatureValue(multiArray: matrix)]
        let given = try model.prediction(from: MLDictionaryFeatureProvider(dictionary: inputs))
        let name = contract.outputs.name
        guard let output = given.featureValue(for: name)?.multiArrayValue else {
            throw PredictorError.noOutput(name)
        }
        let values = (0..<output.count).map { output[$0].floatValue }
        return Prediction(values: values, label: contract.outputs.label(of: values))
    }
}
#endif
