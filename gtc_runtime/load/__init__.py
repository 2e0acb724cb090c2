"""The load engine: open-loop traffic of the workloads, measured honestly.

What a request waits for must not change when the next one is sent, and what measures must not
disturb what it measures. So the load runs in processes of its own, which get one schedule and send
back increments. From the owner down to the bytes:

    control         what the presenter chose, what runs; keeps the processes alive
    process, shard  one or several load processes as one: commands out, snapshots in
    worker          main of a load process: reads commands, writes a snapshot every 250 ms
    engine          what is due is sent or shed, and ends in exactly one outcome
    demand          what is due when: rate, open streams or a trace; pure
    content         what is sent: `prompts` of the workloads or of one's own
    conversations   turns that follow an answer, and who makes up the next question
    wire            bytes to a server and back with a stamp of their arrival
    answer          what these bytes mean: events, tokens, endings
    figures         what was measured: histograms in slices of a second, and the light of the client
    native          reading, recognising and counting in C, where a compiler was

It must not know phases, clusters, Prometheus or pages: an address and a load are all it gets.
"""
