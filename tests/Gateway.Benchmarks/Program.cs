using System.Globalization;
using Gateway.Benchmarks.Sip;

switch (args)
{
    case ["sip-uas", var listen, var seconds]:
        await SipLoad.AnswerAsync(listen, int.Parse(seconds, CultureInfo.InvariantCulture));
        return 0;
    case ["sip-uac", var uri, var requests, var atOnce]:
        await SipLoad.SendAsync(uri, int.Parse(requests, CultureInfo.InvariantCulture), int.Parse(atOnce, CultureInfo.InvariantCulture));
        return 0;
}

Console.Error.WriteLine("usage: dotnet run -c Release --project tests/Gateway.Benchmarks -- sip-uas LISTEN SECONDS | sip-uac URI REQUESTS AT-ONCE");
return 64;
