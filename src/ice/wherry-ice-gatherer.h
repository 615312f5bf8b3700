/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The candidates of one generation: libnice's host and relayed ones, server-reflexive ones of every
 * STUN server; servers' names are resolved here, TLS is carried here, and each server that gives
 * nothing is told. Ends for certain (WHERRY_GATHER_LIMIT_US). Thread: peer */

#include <nice/agent.h>

#include "ice/wherry-ice-closing.h"
#include "ice/wherry-ice-config.h"
#include "ice/wherry-ice-session.h"

G_BEGIN_DECLS

typedef struct _WherryIceGatherer WherryIceGatherer;

typedef struct
{
  void (*candidate) (gpointer user_data, const char *line);
  void (*error) (gpointer user_data, const WherryIceCandidateError *error);
  void (*done) (gpointer user_data);
} WherryIceGathererEvents;

/* agent: borrowed until stop(); config and log outlive self. */
WherryIceGatherer *wherry_ice_gatherer_new (const WherryIceConfig *config, NiceAgent *agent,
                                            guint stream, GMainContext *context,
                                            WherryIceClosing *closing);
void wherry_ice_gatherer_set_events (WherryIceGatherer *self, const WherryIceGathererEvents *events,
                                     gpointer user_data);
/* Events may come before it returns. WHERRY_ERROR_RESOURCES, WHERRY_ERROR_INVALID_ARGUMENT. */
gboolean wherry_ice_gatherer_start (WherryIceGatherer *self, GError **error);
gboolean wherry_ice_gatherer_is_done (WherryIceGatherer *self);
/* Announced so far. */
guint wherry_ice_gatherer_get_n_candidates (WherryIceGatherer *self);
/* From libnice's signals. */
void wherry_ice_gatherer_take_candidate (WherryIceGatherer *self, const NiceCandidate *candidate);
void wherry_ice_gatherer_agent_done (WherryIceGatherer *self);
/* One of our server-reflexive addresses: libnice, which does not know them, calls it
 * peer-reflexive. */
gboolean wherry_ice_gatherer_is_reflexive (WherryIceGatherer *self, const NiceAddress *address);
/* "turns:host:port?transport=tcp": which server a relayed candidate of ours is of, or NULL. */
const char *wherry_ice_gatherer_relay_url (WherryIceGatherer *self, const NiceCandidate *candidate);
/* No event comes any more. What still carries the agent's farewell goes with the last reference. */
void wherry_ice_gatherer_stop (WherryIceGatherer *self);
void wherry_ice_gatherer_unref (WherryIceGatherer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryIceGatherer, wherry_ice_gatherer_unref)

G_END_DECLS
