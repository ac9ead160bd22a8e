// What of its caption a picture of the shipped model shows.
#pragma once

#include "metrics/metric.h"

namespace skipbench {

// The share of the caption's (colour, item) pairs that the shipped network finds in the picture, in [0, 1].
MetricType CaptionAccuracyMetric();

}  // namespace skipbench
