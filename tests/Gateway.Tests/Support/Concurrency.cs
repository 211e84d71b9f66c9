// These tests wait for servers and clocks more than they compute.
[assembly: CollectionBehavior(MaxParallelThreads = 6)]
