"""What is taken of the networks before anything is measured: priors of ours, one sigma as shares.

They are of the order of what is published for networks of this kind.
"""

#: Of the scale of a metric network.
METRIC_SIGMA = 0.12
#: Of a frame's own scale in a gauge that it shares with others.
IN_GAUGE_SIGMA = 0.03
