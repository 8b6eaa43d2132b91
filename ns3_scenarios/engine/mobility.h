// Where devices are and how they move.
#pragma once

#include "settings.h"

#include "ns3/node-container.h"

namespace testbed {

/// Gives every node its mobility model.
///
/// Random streams below 2^22 belong to movement alone, for the whole run: where devices are never depends on traffic.
void InstallMobility(const ns3::NodeContainer& nodes, const Settings& settings);

}  // namespace testbed
