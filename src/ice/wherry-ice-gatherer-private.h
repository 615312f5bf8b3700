/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parts of a gatherer, each in its own file: gatherer (candidates, the end), servers. */

#include "ice/wherry-ice-gatherer.h"
#include "ice/wherry-ice-lookups.h"
#include "ice/wherry-ice-query.h"
#include "ice/wherry-ice-stun.h"

G_BEGIN_DECLS

struct _WherryIceGatherer
{
  grefcount ref_count;
  WherryIceConfig *config;
  NiceAgent *agent; /* NULL once stopped */
  guint stream;
  GMainContext *context;
  WherryIceClosing *closing;
  const WherryIceGathererEvents *events;
  gpointer user_data;
  GPtrArray *servers;
  WherryIceLookups *lookups;
  WherryIceStun *stun;
  GHashTable *announced; /* "address base" of the server-reflexive ones */
  GArray *reflexive;     /* of NiceAddress */
  GSource *deadline;
  guint pending; /* servers whose name or turn has not come */
  guint n_candidates;
  guint n_relays; /* that libnice knows */
  gboolean asked; /* every server */
  gboolean agent_done;
  gboolean done;
};

/* gatherer */
WherryIceGatherer *wherry_ice_gatherer_ref (WherryIceGatherer *self);
void wherry_ice_gatherer_announce (WherryIceGatherer *self, const NiceCandidate *nice);
/* Notes it. A TURN server and several STUN servers tell the same address. */
gboolean wherry_ice_gatherer_is_new_reflexive (WherryIceGatherer *self,
                                               const NiceCandidate *candidate);
/* base: (nullable) */
void wherry_ice_gatherer_tell_error (WherryIceGatherer *self, WherryIceQuery *server,
                                     const NiceCandidate *base, guint code, const char *text);
void wherry_ice_gatherer_check_done (WherryIceGatherer *self);

/* servers */
gboolean wherry_ice_gatherer_add_servers (WherryIceGatherer *self, GError **error);
/* Everything that has to wait for libnice's sockets. */
void wherry_ice_gatherer_ask_servers (WherryIceGatherer *self);

G_END_DECLS
