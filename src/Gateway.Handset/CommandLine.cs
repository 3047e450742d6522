using System.Globalization;
using System.Net;
using Gateway.Sip;
using Gateway.Sms;

namespace Gateway.Handset;

/// <summary>What the arguments of the program say.</summary>
internal sealed record CommandLine(HandsetOptions Options)
{
    public const string Usage = """
        A software handset, VoLTE or OTT.

          --kind volte|ott          what it is
          --number +NUMBER          its number, E.164
          --registrar sip:HOST:PORT where it registers
          --send TO TEXT            sends, waits for the answer, ends with 0 if it was accepted and 1 if not; may be repeated
          --stay                    stays after --send
          --status-report           asks for status reports; --send then waits for them as well
          --imdn                    OTT: asks for delivery notifications (RFC 5438); --send then waits for them as well
          --wait SECONDS            how long for status reports and notifications (60)
          --password P              for digest authentication
          --username U              the digits of the number
          --domain D                the registrar's name, or ims.example.org if it is given by address
          --identity URI            sip:+NUMBER@DOMAIN
          --listen ADDRESS:PORT     UDP and TCP; port 0 takes a free one
          --proxy 'sip:HOST;lr'     first hop of every request
          --route 'sip:HOST;lr'     Route of messages after the proxy, in place of the Service-Route; may be repeated
          --header 'Name: value'    put into every request; may be repeated
          --assert                  sends P-Asserted-Identity, for networks without P-CSCF
          --service-centre URI      sip:smsc@DOMAIN
          --service-centre-address +NUMBER   RP-DA
          --expires SECONDS         of the registration (3600)
          --bare-reports            RP-ACK and RP-ERROR without SMS-DELIVER-REPORT
          --refuse CAUSE | --full | --slow SECONDS | --silent | --deaf
                                    what it does with messages: RP-ERROR with RP-Cause 1 to 127; RP-ERROR 22 until "smma"; RP-ACK late;
                                    no RP-ACK; no SIP answer
          --verbose                 says more on standard error

        Lines on standard input: "TO TEXT" sends, "smma" says that there is memory again, "quit" ends. So does Ctrl-C.
        """;

    private const int MaxSeconds = 86_400 * 365;

    public IReadOnlyList<(string To, string Text)> Sends { get; init; } = [];

    public Behaviour Behaviour { get; init; } = Behaviour.Accept;

    public bool Stay { get; init; }

    public bool StatusReport { get; init; }

    public bool Imdn { get; init; }

    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(60);

    public bool Verbose { get; init; }

    /// <summary>Null with one line that says what is wrong.</summary>
    public static CommandLine? Parse(IReadOnlyList<string> arguments, out string error)
    {
        var parser = new Parser(arguments);
        var line = parser.Read();
        error = parser.Error ?? "";
        return line;
    }

    private sealed class Parser(IReadOnlyList<string> arguments)
    {
        private readonly List<(string, string)> _sends = [];
        private readonly List<SipUri> _routes = [];
        private readonly List<KeyValuePair<string, string>> _headers = [];
        private HandsetKind? _kind;
        private string? _number;
        private SipUri? _registrar;
        private Behaviour? _behaviour;
        private int _next;

        public string? Error { get; private set; }

        public CommandLine? Read()
        {
            var line = new CommandLine(new HandsetOptions { Kind = default, Number = "", Registrar = SipUri.Create(null, "invalid") });
            while (_next < arguments.Count && Error is null) line = Option(arguments[_next++], line);
            if (_kind is null) Fail("--kind volte or --kind ott is missing");
            if (_number is null) Fail("--number is missing");
            if (_registrar is null) Fail("--registrar is missing");
            if (Error is not null) return null;
            return line with
            {
                Sends = _sends,
                Behaviour = _behaviour ?? Behaviour.Accept,
                Options = line.Options with
                {
                    Kind = _kind!.Value, Number = _number!, Registrar = _registrar!, Routes = _routes, Headers = _headers,
                },
            };
        }

        private CommandLine Option(string name, CommandLine line)
        {
            var options = line.Options;
            switch (name)
            {
                case "--kind": _kind = Kind(Value(name)); return line;
                case "--number": _number = Number(name); return line;
                case "--registrar": _registrar = Uri(name); return line;
                case "--send": _sends.Add((Number(name, orUri: true), Value(name))); return line;
                case "--stay": return line with { Stay = true };
                case "--status-report": return line with { StatusReport = true };
                case "--imdn": return line with { Imdn = true };
                case "--wait": return line with { Wait = Seconds(name) };
                case "--verbose": return line with { Verbose = true };
                case "--route": _routes.Add(Uri(name)); return line;
                case "--header": _headers.Add(Header(Value(name))); return line;
                case "--password": return line with { Options = options with { Password = Value(name) } };
                case "--username": return line with { Options = options with { Username = Value(name) } };
                case "--domain": return line with { Options = options with { Domain = Domain(name) } };
                case "--identity": return line with { Options = options with { Identity = Uri(name, orTel: true) } };
                case "--listen": return line with { Options = options with { Listen = Address(name) } };
                case "--proxy": return line with { Options = options with { Proxy = Uri(name) } };
                case "--assert": return line with { Options = options with { AssertIdentity = true } };
                case "--service-centre": return line with { Options = options with { ServiceCentre = Uri(name, orTel: true) } };
                case "--service-centre-address": return line with { Options = options with { ServiceCentreAddress = Number(name) } };
                case "--expires": return line with { Options = options with { Expires = Seconds(name) } };
                case "--bare-reports": return line with { Options = options with { BareReports = true } };
                case "--refuse": Behave(Behaviour.Refuse(Cause(name))); return line;
                case "--full": Behave(Behaviour.Full); return line;
                case "--slow": Behave(Behaviour.Slow(Seconds(name))); return line;
                case "--silent": Behave(Behaviour.Silent); return line;
                case "--deaf": Behave(Behaviour.Deaf); return line;
                default:
                    Fail($"unknown option '{name}'");
                    return line;
            }
        }

        private void Fail(string error) => Error ??= error;

        private string Value(string option)
        {
            if (_next < arguments.Count) return arguments[_next++];
            Fail($"{option} needs {(option == "--send" ? "TO and TEXT" : "a value")}");
            return "";
        }

        private HandsetKind? Kind(string value)
        {
            if (value is "volte") return HandsetKind.Volte;
            if (value is "ott") return HandsetKind.Ott;
            Fail($"--kind is volte or ott, not '{value}'");
            return null;
        }

        private string Number(string option, bool orUri = false)
        {
            var value = Value(option);
            var fits = HandsetOptions.IsNumber(value) || (orUri && value.Contains(':', StringComparison.Ordinal));
            if (!fits) Fail($"{option} needs a number such as +4940123456, not '{value}'");
            return value;
        }

        private SipUri Uri(string option, bool orTel = false)
        {
            var value = Value(option);
            if (!SipUri.TryParse(value, out var uri) || !(uri.IsSip || (orTel && uri.IsTel)))
                Fail($"{option} needs a URI such as sip:127.0.0.1:5060, not '{value}'");
            return uri;
        }

        private string Domain(string option)
        {
            var value = Value(option);
            if (!SipUri.TryParse($"sip:{value}", out var uri) || uri.UserInfo is not null || uri.Host != value)
                Fail($"{option} needs a name such as ims.example.org, not '{value}'");
            return value;
        }

        private IPEndPoint? Address(string option)
        {
            var value = Value(option);
            if (IPEndPoint.TryParse(value, out var address)) return address;
            Fail($"{option} needs a numeric address and a port, such as 127.0.0.1:0, not '{value}'");
            return null;
        }

        private TimeSpan Seconds(string option)
        {
            var value = Value(option);
            var fits = double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
                && seconds <= MaxSeconds;
            if (!fits) Fail($"{option} needs seconds, not '{value}'");
            return TimeSpan.FromSeconds(fits ? seconds : 0);
        }

        private RpCause Cause(string option)
        {
            var value = Value(option);
            if (!byte.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var cause) || cause is 0 or > 127)
                Fail($"{option} needs an RP-Cause from 1 to 127, not '{value}'");
            return (RpCause)cause;
        }

        private KeyValuePair<string, string> Header(string value)
        {
            var colon = value.IndexOf(':', StringComparison.Ordinal);
            var (name, content) = colon < 0 ? ("", "") : (value[..colon].Trim(), value[(colon + 1)..].Trim());
            try
            {
                new SipHeaders().Add(name, content);
            }
            catch (ArgumentException)
            {
                Fail($"--header needs 'Name: value', not '{value}'");
            }

            return new(name, content);
        }

        private void Behave(Behaviour behaviour)
        {
            if (_behaviour is not null) Fail("only one of --refuse, --full, --slow, --silent and --deaf can be given");
            _behaviour = behaviour;
        }
    }
}
