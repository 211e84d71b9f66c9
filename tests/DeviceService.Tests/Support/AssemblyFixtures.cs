using DeviceService.Tests.Support;

[assembly: AssemblyFixture(typeof(DeviceApi))]
