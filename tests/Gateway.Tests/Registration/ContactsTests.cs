using Gateway.Store;
using Gateway.Tests.Delivery;
using Xunit;

namespace Gateway.Tests.Registration;

/// <summary>Devices of one user that two nodes register at once.</summary>
public sealed class ContactsTests
{
    private const string User = "49401";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_told_of_one_binding_leaves_the_others_alone()
    {
        await using var world = await ScheduledWorld.StartAsync();
        await PutAsync("sip:a@192.0.2.1");
        await PutAsync("sip:b@192.0.2.2"); // by a node that has not seen the first
        Assert.Equal(["sip:a@192.0.2.1", "sip:b@192.0.2.2"], await BindingsAsync());

        await world.Contacts.ReplaceAsync(User, ContactSource.Registrar, [], Cancel, bindings: new HashSet<string> { "sip:a@192.0.2.1" });
        Assert.Equal(["sip:b@192.0.2.2"], await BindingsAsync());
        await world.Contacts.ReplaceAsync(User, ContactSource.Registrar, [], Cancel);
        Assert.Empty(await BindingsAsync());

        Task PutAsync(string uri) => world.Contacts.ReplaceAsync(User, ContactSource.Registrar, [Row(uri)], Cancel, bindings: new HashSet<string> { uri });

        async Task<IEnumerable<string>> BindingsAsync() => (await world.Contacts.RecordedAsync(User, Cancel)).Select(contact => contact.Binding).Order();
    }

    [Fact]
    public async Task A_binding_that_another_node_adds_in_between_is_written_over()
    {
        await using var world = await ScheduledWorld.StartAsync();
        var tries = 0;
        await world.Store.WriteByReadingAsync(new StoreChange
        {
            Other = db =>
            {
                if (db.Contacts.Any()) return;
                db.Contacts.Add(Row("sip:a@192.0.2.1"));
                if (tries++ < 2) db.Contacts.Add(Row("sip:a@192.0.2.1")); // as if it had come after our reading: the batch, then alone
            },
        }, Cancel);
        Assert.Single(await world.Contacts.RecordedAsync(User, Cancel));
        Assert.Equal(3, tries);
    }

    private static ContactRow Row(string uri) => new()
    {
        Subscriber = User, PublicUserIdentity = $"sip:+{User}@ims.example.org", Source = ContactSource.Registrar, Uri = uri, Binding = uri,
        ExpiresAt = long.MaxValue,
    };
}
