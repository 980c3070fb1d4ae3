using System.Text;
using Hikigane.Kube;

namespace Hikigane.ApiServer.Protobuf;

/// <summary>Reads the protobuf wire format: tags, varints, length-delimited values. Bad bytes are a 400.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> rest = bytes;

    public readonly bool IsAtEnd => rest.IsEmpty;

    public (int Number, int WireType) ReadTag()
    {
        var tag = ReadVarint();
        return tag >> 3 is > 0 and <= int.MaxValue ? ((int)(tag >> 3), (int)(tag & 7)) : throw Malformed("illegal tag");
    }

    public ulong ReadVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (rest.IsEmpty)
            {
                throw Malformed("unexpected EOF");
            }

            var next = rest[0];
            rest = rest[1..];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Malformed("integer overflow");
    }

    public ReadOnlySpan<byte> ReadBytes()
    {
        var length = ReadVarint();
        return length <= (ulong)rest.Length ? Take((int)length) : throw Malformed("unexpected EOF");
    }

    public string ReadString() => Encoding.UTF8.GetString(ReadBytes());

    public ulong ReadFixed64() => rest.Length >= 8 ? BitConverter.ToUInt64(Take(8)) : throw Malformed("unexpected EOF");

    /// <summary>Passes over a value that nobody asked for.</summary>
    public void Skip(int wireType)
    {
        switch (wireType)
        {
            case 0:
                ReadVarint();
                break;
            case 1:
                ReadFixed64();
                break;
            case 2:
                ReadBytes();
                break;
            case 5 when rest.Length >= 4:
                Take(4);
                break;
            default:
                throw Malformed($"illegal wireType {wireType}");
        }
    }

    public static KubeException Malformed(string cause) => new(400, "BadRequest", $"proto: {cause}");

    private ReadOnlySpan<byte> Take(int count)
    {
        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}
