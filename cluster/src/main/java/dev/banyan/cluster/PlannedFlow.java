package dev.banyan.cluster;

import org.jspecify.annotations.Nullable;

/**
 * Where one queue pair goes.
 *
 * @param job name of its job
 * @param srcNic NIC it leaves, counted over all nodes
 * @param dstNic NIC it reaches
 * @param queuePair number within its connection, over all planes
 * @param plane whose port it leaves by
 * @param receivePlane whose port it reaches; the same unless failures leave nothing as good
 * @param spine it crosses; -1 below one leaf, or where its plane has no path
 * @param lane which of the parallel links to that spine
 * @param weight share of the connection's bytes it carries
 * @param udpSourcePort that takes it there, when a catalogue of ports was given
 */
public record PlannedFlow(
    String job,
    int srcNic,
    int dstNic,
    int queuePair,
    int plane,
    int receivePlane,
    int spine,
    int lane,
    double weight,
    @Nullable Integer udpSourcePort) {}
