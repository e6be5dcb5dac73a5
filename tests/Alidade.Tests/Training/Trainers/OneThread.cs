using TorchSharp;

namespace Alidade.Tests.Training.Trainers;

/// <summary>One thread for tensor operations until disposed: models this small gain nothing from two, and wait for each other on a busy machine.</summary>
internal sealed class OneThread : IDisposable
{
    private readonly int before = torch.get_num_threads();

    public OneThread() => torch.set_num_threads(1);

    public void Dispose() => torch.set_num_threads(before);
}
