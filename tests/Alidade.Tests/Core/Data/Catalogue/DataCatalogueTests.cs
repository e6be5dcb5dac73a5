using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Data.Catalogue;
using Alidade.Tests.Golden;

namespace Alidade.Tests.Core.Data.Catalogue;

public sealed class DataCatalogueTests
{
    public static IEnumerable<TheoryDataRow<string>> PublishedFiles() => DataCatalogue.Sets.SelectMany(s => s.Files).Select(f => new TheoryDataRow<string>(f.Name));

    [Theory]
    [MemberData(nameof(PublishedFiles))]
    public void A_published_file_has_its_hash_and_its_rows(string name)
    {
        var home = new DataHome { Folder = GoldenFolder.Data };
        var file = DataCatalogue.File(name);
        Assert.SkipWhen(home.StateOf(file) == FileState.Absent, $"the published file {name} is absent");
        var view = FileView.Of(file, home, firstRows: 1);
        Assert.Equal((file.Sha256, file.Bytes, file.Rows), (view.Sha256, view.Bytes, view.Rows));
        Assert.NotEmpty(view.Fields);
    }

    [Fact]
    public void Every_entry_is_whole_and_every_name_stays_in_the_folder()
    {
        Assert.NotEmpty(DataCatalogue.Sets);
        Assert.Equal(Enum.GetValues<DataArea>().Order(), DataCatalogue.Sets.Select(s => s.Area).Distinct().Order());
        Assert.Equal(DataCatalogue.Sets.Count, DataCatalogue.Sets.Select(s => s.Name).Distinct().Count());
        foreach (var set in DataCatalogue.Sets)
        {
            Assert.NotEmpty(set.Files);
            Assert.EndsWith(".", set.Description, StringComparison.Ordinal);
            foreach (var file in set.Files)
            {
                Assert.Equal(set.Name, file.Set);
                Assert.Matches("^[0-9a-f]{64}$", file.Sha256);
                Assert.Matches("^[0-9a-f]{40}$", file.Commit);
                Assert.Matches("^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", file.Repository);
                foreach (var path in new[] { file.Name, file.SourcePath })
                    Assert.All(path.Split('/'), part => Assert.Matches("^[A-Za-z0-9_-][A-Za-z0-9_.-]*$", part));
                Assert.True(file.Rows > 0 && file.Bytes > 0, file.Name);
                Assert.NotEmpty(file.Licence);
            }
        }
    }

    [Fact]
    public void What_may_not_be_sold_and_what_may_offend_is_marked()
    {
        Assert.Equal(["alpaca_eval", "do_not_answer"], DataCatalogue.Sets.Where(s => s.NonCommercial).Select(s => s.Name).Order());
        Assert.All(DataCatalogue.Sets.Where(s => s.Area is DataArea.Toxicity or DataArea.Robustness), s => Assert.True(s.Offensive, s.Name));
        Assert.False(DataCatalogue.Set("gsm8k").Offensive);
    }

    [Theory]
    [InlineData("truthfulqa/original-817/TruthfulQA.cvs", "did you mean 'truthfulqa/original-817/TruthfulQA.csv'?")]
    [InlineData("truthfulq/original-817/TruthfulQA.csv", "did you mean 'truthfulqa/original-817/TruthfulQA.csv'?")]
    [InlineData("gsm8k/nothing", "known: gsm8k/example_model_solutions.jsonl, gsm8k/test.jsonl")]
    [InlineData("nothing", "alidade data list")]
    public void A_wrong_name_is_answered_with_the_nearest(string name, string hint)
    {
        var wrong = Assert.Throws<AlidadeException>(() => DataCatalogue.File(name));
        Assert.Contains($"'{name}'", wrong.Message, StringComparison.Ordinal);
        Assert.Contains(hint, wrong.Message, StringComparison.Ordinal);
    }
}
