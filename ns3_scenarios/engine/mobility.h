// Where devices are and how they move.
#pragma once

#include "settings.h"

#include "ns3/node-container.h"

namespace testbed {

/// Gives every node its mobility model; none where a script is to give it.
///
/// Random streams below 2^22 belong to movement alone, for the whole run: where devices are never depends on traffic.
void InstallMobility(const ns3::NodeContainer& nodes, const Settings& settings);

/// What a script has installed on the first `devices` nodes. Throws std::invalid_argument where there is nothing.
///
/// Radios ask the ns-3 models that add up steps through a Guided.
void AdoptScripted(uint32_t devices);

}  // namespace testbed
