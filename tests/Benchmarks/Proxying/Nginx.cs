using System.Globalization;

namespace Benchmarks.Proxying;

/// <summary>
/// nginx with one worker, connections that are kept and nothing logged: a second reference as a plain proxy, and the service
/// behind every proxy. The service shares a core with the load, so it has to cost little of it: one that costs as much as a
/// proxy is what the percentiles would show.
/// </summary>
internal static class Nginx
{
    // The same small JSON, whatever is asked.
    private static readonly string Answer =
        $$"""{"items":[{"id":"0198c7a4-8f6e-7b3a-9a54-0242ac120002","name":"{{new string('a', 400)}}"}],"nextCursor":null}""";

    public static Task<PinnedProcess> StartServiceAsync(int core, Uri address, string folder) =>
        StartAsync(core, address, folder, "", $"default_type application/json; return 200 '{Answer}';");

    public static Task<PinnedProcess> StartProxyAsync(int core, Uri address, Uri service, string folder) => StartAsync(
        core,
        address,
        folder,
        $"upstream service {{ server {service.Authority}; keepalive 128; keepalive_requests 100000000; }}",
        """proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection "";""");

    private static async Task<PinnedProcess> StartAsync(int core, Uri address, string folder, string around, string location)
    {
        Directory.CreateDirectory(folder);
        var settings = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(settings, string.Create(CultureInfo.InvariantCulture, $$"""
            daemon off;
            master_process off;
            pid {{folder}}/nginx.pid;
            error_log stderr error;
            events { worker_connections 1024; }
            http {
              access_log off;
              client_body_temp_path {{folder}}/body;
              proxy_temp_path {{folder}}/proxy;
              fastcgi_temp_path {{folder}}/fastcgi;
              uwsgi_temp_path {{folder}}/uwsgi;
              scgi_temp_path {{folder}}/scgi;
              {{around}}
              server {
                listen {{address.Authority}};
                keepalive_requests 100000000;
                location / { {{location}} }
              }
            }
            """));
        return await PinnedProcess.StartAsync(core, address, ["nginx", "-p", folder, "-c", settings], []);
    }
}
