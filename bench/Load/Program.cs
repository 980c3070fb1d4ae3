using Hikigane.Load;

// A load driver for what wrk cannot do. One verb each; figures on standard output, one line each.
return args switch
{
    ["acks", var url, var rate, var seconds] => await Acks.RunAsync(new Uri(url), Number.Of(rate), Number.Of(seconds)),
    ["objects", var url, var kubeconfig, var count] => await Objects.RunAsync(new Uri(url), kubeconfig, Number.Of(count)),
    ["watchers", var kubeconfig, var count] => await Watchers.RunAsync(kubeconfig, Number.Of(count)),
    ["runs", var kubeconfig, var count] => await Runs.RunAsync(kubeconfig, Number.Of(count)),
    ["first-step", var url, var kubeconfig, var count] => await FirstStep.RunAsync(new Uri(url), kubeconfig, Number.Of(count)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        usage: load acks URL RATE SECONDS            acknowledged events at a fixed rate: p50 and p99 from the moment each was due
               load objects URL KUBECONFIG COUNT     signed GitHub pushes, each of which creates a ConfigMap: objects per second until all are seen
               load watchers KUBECONFIG COUNT        watchers on one object: how long until an update reached all
               load runs KUBECONFIG COUNT            PipelineRuns of four no-op tasks: runs per second to the end
               load first-step URL KUBECONFIG COUNT  event to the first step's process, one after the other
        """);
    return 2;
}
