using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using DeviceService.Connectivity;
using DeviceService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace DeviceService.Tests;

/// <summary>The instruments as a listener of this service's own meter gets them; other hosts of the run have theirs.</summary>
public sealed class MetricsTests(DeviceApi api)
{
    [Fact]
    public async Task EnrolAndBeat_AreMeasured()
    {
        var tenant = DeviceApi.NewTenant();
        ConcurrentQueue<string> seen = new();
        using var listener = new MeterListener();
        var meters = api.Host.Services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter is { Name: "Platform.Devices" } meter && ReferenceEquals(meter.Scope, meters))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        void Note<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
            seen.Enqueue($"{instrument.Name} {(tags.Length > 0 ? tags[0].Value : "")}".TrimEnd());
        listener.SetMeasurementEventCallback<long>(Note);
        listener.SetMeasurementEventCallback<int>(Note);
        listener.SetMeasurementEventCallback<double>(Note);
        listener.Start();

        var device = await api.EnrollAsync(tenant);
        await api.EnrollAsync(tenant, wish: new { requiresApproval = true });
        await api.SendAsync(HttpMethod.Post, "/api/v1/devices/enroll", body: TestDevice.WithEcKey().Enrolment("pet_unknown"));
        await api.BeatAsync(tenant, device);
        await api.BeatAsync(tenant, Guid.CreateVersion7());
        await api.Host.Services.GetRequiredService<FleetCount>().CountAsync(counts: true, TestContext.Current.CancellationToken);
        listener.RecordObservableInstruments();

        await Eventually.Async(
            () =>
            {
                Assert.Subset(
                    seen.ToHashSet(),
                    new HashSet<string>
                    {
                        "platform.devices.enrolments active",
                        "platform.devices.enrolments pending_approval",
                        "platform.devices.enrolments invalid_enrollment_token",
                        "platform.devices.heartbeats accepted",
                        "platform.devices.heartbeats unknown_device",
                        "platform.devices.heartbeats.batch_size",
                        "platform.devices.heartbeats.flush.duration",
                        "platform.devices.transitions online",
                        "platform.devices.count online",
                        "platform.devices.count offline",
                    });
                return Task.CompletedTask;
            },
            DeviceApi.Deadline);
    }
}
