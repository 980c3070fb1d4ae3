using Hikigane.Expressions.Cel.Checking;

namespace Hikigane.Expressions.Cel.Functions;

/// <summary>The standard library and the extension libraries that Triggers enables: strings, encoders, sets, lists, math.</summary>
internal static class Library
{
    public static IReadOnlyList<CelFunction> Everything { get; } =
    [
        .. Operators.All, .. Conversions.All, .. TimeFunctions.All, .. StringFunctions.All, .. ListFunctions.All, .. MathFunctions.All, .. Encoders.All,
    ];
}
