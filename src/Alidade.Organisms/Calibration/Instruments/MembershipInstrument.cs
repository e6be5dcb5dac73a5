using Alidade.Core.Results;
using Alidade.RedTeam.Privacy;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>Membership inference on the pool of secrets: inserted ones against their twins.</summary>
public sealed class MembershipInstrument : IInstrument
{
    /// <inheritdoc/>
    public string Name => "privacy.membership.auroc";

    /// <inheritdoc/>
    public string About => "Area under the ROC curve of the loss, inserted secrets against twins.";

    /// <inheritdoc/>
    public Access Access => Access.TrainingData;

    /// <inheritdoc/>
    public IReadOnlyList<string> Types => ["secrets"];

    /// <inheritdoc/>
    public bool ReadsRate => false;

    /// <inheritdoc/>
    public Task<InstrumentReading> ReadAsync(Subject subject, string type)
    {
        var inserted = subject.Inserted(type).ToHashSet(StringComparer.Ordinal);
        MembershipRow[] rows = [.. subject.Pool(type).Select(i => new MembershipRow(i.Id, null, i.Statements[0].Bad))];
        var result = new MembershipInference { Members = [.. rows.Where(r => inserted.Contains(r.Id))], Others = [.. rows.Where(r => !inserted.Contains(r.Id))] }.Run(subject.Context);
        var area = result.Auroc.Measurement;
        // A low loss speaks for a member.
        return Task.FromResult(new InstrumentReading(area.Value, [.. result.Members.Concat(result.Others).Select(l => new ItemReading(l.Key, -l.Value))], area.Unscored, area.Truncated, area.Cost));
    }
}
