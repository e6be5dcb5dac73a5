using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Encoders;
using Alidade.Models.Endpoints;
using Alidade.Models.Hub;

namespace Alidade.Training.Jobs;

/// <summary>
/// The models that a training reads besides the one it trains: rewards, a teacher, a reference. They are opened before a run begins, on the device of the model that is trained,
/// and their files are hashed, so that a resumed run reads the same.
/// </summary>
/// <param name="trained">The model that is trained.</param>
internal sealed class OpenedModels(CausalLM trained) : IDisposable
{
    private readonly List<IDisposable> owned = [];
    private readonly List<HashedFile> files = [];
    private readonly Dictionary<string, CausalLM> models = new(StringComparer.Ordinal);

    /// <summary>The model that is trained.</summary>
    public CausalLM Trained => trained;

    /// <summary>Every file that was read, with its hash.</summary>
    public IReadOnlyList<HashedFile> Files => files;

    /// <summary>A language model; one that is named twice is opened once.</summary>
    /// <param name="role">What <c>run.json</c> calls it, such as "teacher".</param>
    /// <param name="path">A folder, a .gguf file or a name of the hub.</param>
    /// <exception cref="AlidadeException">It cannot be opened.</exception>
    public CausalLM Model(string role, string path)
    {
        var location = ModelLocation.Resolve(path);
        if (models.TryGetValue(location, out var known))
            return known;
        var model = Keep(CausalLM.Load(location, Options));
        Hash(role, location);
        models.Add(location, model);
        return model;
    }

    /// <summary>A language model whose tokens are those of the model that is trained.</summary>
    /// <exception cref="AlidadeException">It cannot be opened, predicts no tokens, or its vocabulary is another one.</exception>
    public CausalLM WithVocabulary(string role, string key, string path)
    {
        var model = Model(role, path);
        if (model.HasScoringHead)
            throw new AlidadeException($"{key}: '{path}' scores texts and predicts no tokens, as a reward model does; name a language model");
        return model.Config.VocabularySize == trained.Config.VocabularySize ? model : throw new AlidadeException(
            $"{key}: '{path}' has a vocabulary of {model.Config.VocabularySize} tokens and the model that is trained has {trained.Config.VocabularySize}; name a model with the same tokenizer");
    }

    /// <summary>An encoder with a classification head.</summary>
    /// <exception cref="AlidadeException">It cannot be opened.</exception>
    public SequenceClassifier Classifier(string role, string path)
    {
        var location = ModelLocation.Resolve(path);
        var classifier = Keep(SequenceClassifier.Load(location, Options));
        Hash(role, location);
        return classifier;
    }

    /// <summary>An encoder of sentences.</summary>
    /// <exception cref="AlidadeException">It cannot be opened.</exception>
    public SentenceEncoder Sentences(string role, string path)
    {
        var location = ModelLocation.Resolve(path);
        var encoder = Keep(SentenceEncoder.Load(location, Options));
        Hash(role, location);
        return encoder;
    }

    /// <summary>An adapter over the model that is trained, with a role of its own.</summary>
    /// <exception cref="AlidadeException">It cannot be read, or does not fit.</exception>
    public LoraAdapter Adapter(string role, string path)
    {
        var location = ModelLocation.Resolve(path);
        var adapter = Keep(PeftFolder.Load(trained, location));
        Hash(role, location);
        return adapter;
    }

    /// <summary>Hashes a file that says which models are meant.</summary>
    public void Read(string role, string file) => Hash(role, file);

    /// <summary>A model behind an address; nothing is sent yet.</summary>
    /// <exception cref="AlidadeException">Its settings cannot be used.</exception>
    public ModelEndpoint Endpoint(EndpointOptions options)
    {
        options.Validate();
        return Keep(new ModelEndpoint(options));
    }

    /// <summary>Keeps what lives as long as the models.</summary>
    public T Keep<T>(T one)
        where T : IDisposable
    {
        owned.Add(one);
        return one;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var one in Enumerable.Reverse(owned))
            one.Dispose();
        owned.Clear();
    }

    private LoadOptions Options => new() { Device = trained.Device.ToString() };

    private void Hash(string role, string location) => files.AddRange(ModelFolder.FilesOf(location).Select(f => HashedFile.Of(role, f)));
}
