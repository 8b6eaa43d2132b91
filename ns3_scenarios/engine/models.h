// ns-3 objects by class name and attributes: a wrong name is an error that says so, before ns-3 would abort.
#pragma once

#include "settings.h"

#include "ns3/node-container.h"
#include "ns3/object.h"
#include "ns3/propagation-loss-model.h"

namespace testbed {

/// Throws std::invalid_argument, its text beginning with `key` of the scenario, unless `model` is a `parent`.
ns3::Ptr<ns3::Object> CreateNamed(const Model& model, ns3::TypeId parent, const std::string& key);

/// The loss models one behind the other.
ns3::Ptr<ns3::PropagationLossModel> LossChain(const std::vector<Model>& models, const ns3::NodeContainer& nodes);

/// Names of the classes that derive from `parent` and can be made, in order.
std::vector<std::string> KindsOf(ns3::TypeId parent);

}  // namespace testbed
