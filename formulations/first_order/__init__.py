"""SDP-NN on all rows by first-order methods: certified bounds from the first second on."""
