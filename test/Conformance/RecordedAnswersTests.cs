using Hikigane.Golden;

namespace Hikigane.Conformance;

/// <summary>
/// The recorded answers of the real Tekton: no file may score less than scores.txt says. A better score is written there in the same commit.
/// </summary>
public sealed class RecordedAnswersTests
{
    public static TheoryData<string, int> Floors()
    {
        var floors = new TheoryData<string, int>();
        foreach (var line in File.ReadAllLines(Path.Combine(Repository.Root, "test", "Conformance", "scores.txt")).Where(line => line.Length > 0))
        {
            var words = line.Split(' ');
            floors.Add(words[0], int.Parse(words[1]));
        }

        return floors;
    }

    [Theory]
    [MemberData(nameof(Floors))]
    public async Task A_file_scores_at_least_what_it_did(string file, int floor)
    {
        var directory = Score.DefaultDirectory();
        if (directory is null || !File.Exists(Path.Combine(directory, file)))
        {
            Assert.Skip("the recorded answers are not beside the project: ../shared/conformance");
        }

        var judged = await Score.JudgeFileAsync(directory, file);

        var failing = judged.Where(one => one.Difference is not null).Select(one => one.Id).ToList();
        Assert.True(judged.Count - failing.Count >= floor, $"{judged.Count - failing.Count} of {judged.Count}, wanted {floor}; failing: {string.Join(' ', failing)}");
    }
}
