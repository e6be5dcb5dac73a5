using Alidade.Core;
using Alidade.Core.Data.Catalogue;
using Alidade.Evaluation.Engine;

namespace Alidade.Tests.Evaluation.Engine;

public sealed class TaskCatalogueTests
{
    public static TheoryData<string> Tasks() => [.. TaskCatalogue.All.Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Every_known_task_says_what_it_measures_and_its_data_can_be_fetched(string name)
    {
        var task = TaskCatalogue.Find(name);
        Assert.NotEmpty(task.About);
        Assert.All(task.Files, f => Assert.NotEmpty(DataCatalogue.File(f).Sha256));
        Assert.Single(TaskCatalogue.All, t => t.Name == name);
    }

    [Fact]
    public void The_suites_are_the_headings_and_quick_is_part_of_full()
    {
        Assert.Superset(new HashSet<string> { "factuality", "ethics", "toxicity", "bias", "behaviour", "general", TaskCatalogue.Quick, TaskCatalogue.Full }, TaskCatalogue.Suites.ToHashSet());
        Assert.Subset(TaskCatalogue.Suite(TaskCatalogue.Full).ToHashSet(), TaskCatalogue.Suite(TaskCatalogue.Quick).ToHashSet());
    }

    [Fact]
    public void A_task_that_is_not_there_is_told_with_the_nearest_or_with_how_it_is_used()
    {
        Assert.Contains("did you mean 'bias.crows_pairs'?", Assert.Throws<AlidadeException>(() => TaskCatalogue.Find("bias.crows_pair")).Message, StringComparison.Ordinal);
        Assert.Contains("use: general.flask", Assert.Throws<AlidadeException>(() => TaskCatalogue.Find("general.flask")).Message, StringComparison.Ordinal);
        Assert.Contains("use: behaviour.trustgpt", Assert.Throws<AlidadeException>(() => TaskCatalogue.Find("behaviour.trustgpt")).Message, StringComparison.Ordinal);
        Assert.Contains("use: factuality.summac", Assert.Throws<AlidadeException>(() => TaskCatalogue.Find("factuality.summac")).Message, StringComparison.Ordinal);
        Assert.Contains("did you mean 'quick'?", Assert.Throws<AlidadeException>(() => TaskCatalogue.Suite("quik")).Message, StringComparison.Ordinal);
    }
}
