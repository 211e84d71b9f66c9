using ServiceDefaults.Contracts;
using StackExchange.Redis;

namespace IdentityService.Tests.Support;

/// <summary>A gateway as far as the identity service sees one: it writes receipts and says so.</summary>
internal sealed class FakeGateway : IAsyncDisposable
{
    private readonly IConnectionMultiplexer _redis;

    private FakeGateway(IConnectionMultiplexer redis) => _redis = redis;

    public string Id { get; } = Guid.CreateVersion7().ToString("N");

    public IDatabase Database => _redis.GetDatabase();

    public static async Task<FakeGateway> ConnectAsync(string redis) => new(await ConnectionMultiplexer.ConnectAsync(redis));

    /// <summary>Reports, now or as if some time ago.</summary>
    public async Task ReceiptAsync(long sequence, TimeSpan age = default)
    {
        RevocationReceipt receipt = new(sequence, TimeProvider.System.GetUtcNow() - age, TimeSpan.FromSeconds(30));
        await Database.HashSetAsync(RevocationStream.ReceiptsKey, Id, receipt.Format());
        await _redis.GetSubscriber().PublishAsync(RevocationStream.ReceiptsChannel, Id);
    }

    /// <summary>The stream, oldest first.</summary>
    public async Task<List<RevocationStreamItem>> ReadAsync()
    {
        var entries = (RedisResult[])await Database.ExecuteAsync("XRANGE", RevocationStream.Key, "-", "+");
        return [.. entries.Select(entry => RevocationStream.Read(FieldsOf(((RedisResult[])entry)[1])))];
    }

    public async Task<List<RevocationStreamItem>> RevocationsAsync() => [.. (await ReadAsync()).Where(item => item.Kind is not null)];

    public async Task<string?> GenerationAsync() => await Database.StringGetAsync(RevocationStream.GenerationKey);

    public async ValueTask DisposeAsync() => await _redis.CloseAsync();

    private static Dictionary<string, string> FieldsOf(RedisResult fields) =>
        ((string[])fields).Chunk(2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
}
