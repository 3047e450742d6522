using Gateway.Registration;
using Gateway.Store;
using Gateway.Tests.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gateway.Tests.Registration;

public sealed class ExpiredContactsTests : TestStore
{
    private const long Hour = 3_600_000;

    [Fact]
    public async Task What_has_expired_goes_step_by_step_and_the_rest_stays()
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await Store.Writer.WriteAsync(new StoreChange
        {
            Other = db => db.Contacts.AddRange(Enumerable.Range(0, 2_500).Select(i => new ContactRow
            {
                Subscriber = $"4940{i}", PublicUserIdentity = $"sip:+4940{i}@ims.example.org", Uri = $"sip:{i}@192.0.2.1",
                ExpiresAt = i % 5 == 0 ? now + Hour : now - i - 1,
            })),
        }, Cancel);
        using var purge = new ExpiredContacts(Store, TimeProvider.System, NullLogger<ExpiredContacts>.Instance);

        Assert.Equal(2_000, await purge.PurgeAsync(Cancel));
        await using var db = Store.Open();
        Assert.Equal(500, await db.Contacts.CountAsync(Cancel));
        Assert.All(await db.Contacts.ToListAsync(Cancel), contact => Assert.Equal(now + Hour, contact.ExpiresAt));
        Assert.Equal(0, await purge.PurgeAsync(Cancel));
    }
}
