using System.Text;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Syntax;

/// <summary>The source with the errors found in it, printed as cel-go prints them: sentence, line, caret (common/error.go).</summary>
internal sealed class SourceErrors(string source)
{
    private const int MaxErrors = 100;
    private const int MaxShownLine = 16_384;
    private readonly List<(int Line, int Column, string Message)> _errors = [];
    private readonly List<string> _lines = [.. source.Split('\n')];

    public string Source { get; } = source;

    public bool Any => _errors.Count > 0;

    /// <summary>Reports at an offset counted in UTF-16 units.</summary>
    public void Report(int offset, string message)
    {
        if (_errors.Count >= MaxErrors)
        {
            return;
        }

        var line = 0;
        var start = 0;
        while (line < _lines.Count - 1 && start + _lines[line].Length < offset)
        {
            start += _lines[line].Length + 1;
            line++;
        }

        var within = Math.Clamp(offset - start, 0, _lines[line].Length);
        ReportAt(line + 1, CelText.Length(_lines[line].AsSpan(0, within)), message);
    }

    public void ReportAt(int line, int column, string message)
    {
        if (_errors.Count < MaxErrors)
        {
            _errors.Add((line, column, message));
        }
    }

    /// <summary>Every error in the order of its place.</summary>
    public string Display() => string.Join('\n', _errors.OrderBy(error => error.Line).ThenBy(error => error.Column).Select(Display));

    private string Display((int Line, int Column, string Message) error)
    {
        var text = new StringBuilder($"ERROR: <input>:{error.Line}:{(error.Line < 0 ? 0 : Source.Length == 0 ? 0 : error.Column + 1)}: {error.Message}");
        if (error.Line < 1 || Source.Length == 0 || _lines[error.Line - 1].Length > MaxShownLine)
        {
            return text.ToString();
        }

        var line = _lines[error.Line - 1].Replace('\t', ' ');
        text.Append("\n | ").Append(line).Append("\n | ");
        foreach (var character in CelText.Characters(line).Take(error.Column))
        {
            text.Append(IsWide(character) ? '．' : '.');
        }

        var at = CelText.Characters(line).Skip(error.Column).FirstOrDefault();
        return text.Append(at is not null && IsWide(at) ? '＾' : '^').ToString();
    }

    /// <summary>Characters of more than one byte get wide dots, as cel-go has it.</summary>
    private static bool IsWide(string character) => character[0] > 127;
}
