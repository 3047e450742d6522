using Gateway.Fuzz;
using SharpFuzz;

// dotnet run --project tests/Gateway.Fuzz -- TARGET                  under libFuzzer (instrument the assembly with SharpFuzz first)
// dotnet run --project tests/Gateway.Fuzz -- TARGET FILE...          repeat inputs
// dotnet run --project tests/Gateway.Fuzz -- TARGET --random COUNT [SEED]   mutate the corpus, no engine needed
var targets = new Dictionary<string, Action<byte[]>>([.. SmsTargets.All, .. SipTargets.All]);
if (args.Length == 0 || !targets.TryGetValue(args[0], out var target))
{
    Console.Error.WriteLine($"targets: {string.Join(' ', targets.Keys)}");
    return 2;
}
switch (args[1..])
{
    case []:
        Fuzzer.LibFuzzer.Run(octets => target(octets.ToArray()));
        return 0;
    case ["--random", var count, .. var seed]:
        var inputs = Mutation.Of(Corpus.Of(args[0]), int.Parse(count), seed.Length > 0 ? int.Parse(seed[0]) : 1);
        foreach (var octets in inputs)
        {
            try
            {
                target(octets);
            }
            catch (Exception hurt)
            {
                Console.Error.WriteLine($"{Convert.ToHexStringLower(octets)}\n{hurt}");
                return 1;
            }
        }
        return 0;
    case var files:
        foreach (var file in files) target(File.ReadAllBytes(file));
        return 0;
}
