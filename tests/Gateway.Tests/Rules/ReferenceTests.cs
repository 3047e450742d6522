using System.Text.RegularExpressions;
using System.Xml.Linq;
using Gateway.Tests.Support;
using Xunit;

namespace Gateway.Tests.Rules;

/// <summary>Who may know whom (src/README.md). Any other edge fails here, in a project file or in a source file.</summary>
public sealed partial class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Gateway.Sms"]        = [],
        ["Gateway.Sip"]        = [],
        ["Gateway.Store"]      = [],
        ["Gateway.Handset"]    = ["Gateway.Sms", "Gateway.Sip"],
        ["Gateway.Migrations"] = ["Gateway.Store"],
        ["Gateway"]            = ["Gateway.Sms", "Gateway.Sip", "Gateway.Store", "Gateway.Handset", "Gateway.Migrations"],
    };

    // Stages of the gateway meet in the store and at the mailbox.
    private static readonly (string Stage, string[] Never)[] Stages =
    [
        ("Billing",      ["Rest", "Acceptance", "Routing", "Registration", "Delivery", "Inbound", "Carriers", "Webhooks"]),
        ("Acceptance",   ["Rest", "Inbound", "Webhooks", "Carriers", "Registration"]),
        ("Routing",      ["Rest", "Acceptance", "Registration", "Delivery", "Inbound", "Carriers", "Webhooks"]),
        ("Registration", ["Rest", "Acceptance", "Inbound", "Carriers", "Webhooks"]),
        ("Delivery",     ["Rest", "Inbound"]),
        ("Inbound",      ["Rest", "Webhooks", "Carriers"]),
        ("Webhooks",     ["Rest", "Acceptance", "Routing", "Registration", "Delivery", "Inbound", "Carriers"]),
        ("Rest",         ["Registration", "Delivery", "Inbound", "Carriers"]),
    ];

    [Fact]
    public void Projects_reference_what_the_map_allows_and_nothing_else()
    {
        var projects = Projects().ToDictionary(project => Path.GetFileNameWithoutExtension(project), project => XDocument.Load(project)
            .Descendants("ProjectReference").Select(reference => reference.Attribute("Include")!.Value.Replace('\\', '/'))
            .Select(path => Path.GetFileNameWithoutExtension(path)));

        Assert.Equal(Allowed.Keys.Order(), projects.Keys.Order());
        Assert.All(projects, project => Assert.Equal(Allowed[project.Key].Order(), project.Value.Order()));
    }

    [Fact]
    public void Sources_use_namespaces_of_what_their_project_references()
    {
        var strangers =
            from project in Projects()
            let name = Path.GetFileNameWithoutExtension(project)
            where name != "Gateway"
            from file in Sources(Path.GetDirectoryName(project)!)
            from used in NamespaceOfOurs().Matches(File.ReadAllText(file)).Select(match => match.Value)
            where !Allowed[name].Append(name).Any(known => used == known || used.StartsWith(known + ".", StringComparison.Ordinal))
            select $"{Path.GetRelativePath(Repository.Root, file)} uses {used}";

        Assert.Empty(strangers);
    }

    [Fact]
    public void Stages_of_the_gateway_keep_to_themselves()
    {
        var application = Path.Combine(Repository.Root, "src", "Gateway");
        var strangers =
            from stage in Stages
            from file in Sources(Path.Combine(application, stage.Stage))
            let text = File.ReadAllText(file)
            from other in stage.Never
            where Regex.IsMatch(text, $@"using Gateway\.{other}\b|(?<![\w.""]){other}\.[A-Z]\w+")
            select $"{stage.Stage} uses {other}: {Path.GetRelativePath(application, file)}";

        Assert.Empty(strangers);
    }

    private static IEnumerable<string> Projects() => new[] { "src", "migrations" }
        .SelectMany(folder => Directory.GetFiles(Path.Combine(Repository.Root, folder), "*.csproj", SearchOption.AllDirectories));

    private static IEnumerable<string> Sources(string folder) => Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));

    [GeneratedRegex(@"(?<=^\s*(global )?using (static )?|= )Gateway(\.\w+)+", RegexOptions.Multiline)]
    private static partial Regex NamespaceOfOurs();
}
