/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the other side has signaled in this generation: credentials and candidates, validated and
 * held until libnice may have them; mDNS names among them are looked up where the system can.
 * Embedded in the generation, which is held over each call. Thread: peer */

#include <nice/agent.h>

#include "ice/wherry-ice-closing.h"
#include "ice/wherry-ice-config.h"
#include "ice/wherry-ice-lookups.h"
#include "wire/wherry-candidate.h"

G_BEGIN_DECLS

/* What it is embedded in. */
typedef struct
{
  gpointer (*ref) (gpointer owner);
  void (*unref) (gpointer owner);
  void (*added) (gpointer owner); /* libnice has one candidate more */
} WherryIceRemoteOwner;

typedef struct
{
  const WherryIceRemoteOwner *owner_funcs;
  gpointer owner;
  const WherryIceConfig *config;
  NiceAgent *agent; /* NULL once stopped */
  guint stream;
  GMainContext *context;
  WherryIceClosing *closing;
  char *ufrag; /* NULL: not known yet */
  char *pwd;
  GPtrArray *held; /* of WherryCandidate, until the credentials are known */
  guint n_candidates;
  gboolean ended;
  WherryIceLookups *lookups; /* NULL: no name so far */
  guint n_names;
  guint pending; /* names */
} WherryIceRemote;

/* Everything borrowed; agent until stop(). */
void wherry_ice_remote_init (WherryIceRemote *self, const WherryIceRemoteOwner *owner_funcs,
                             gpointer owner, const WherryIceConfig *config);
void wherry_ice_remote_start (WherryIceRemote *self, NiceAgent *agent, guint stream,
                              GMainContext *context, WherryIceClosing *closing);
/* Nothing is looked up any more. */
void wherry_ice_remote_stop (WherryIceRemote *self);
void wherry_ice_remote_clear (WherryIceRemote *self);

gboolean wherry_ice_remote_set_credentials (WherryIceRemote *self, const char *ufrag,
                                            const char *pwd, GError **error);
/* One more candidate line: WHERRY_ERROR_LIMIT when there were too many. */
gboolean wherry_ice_remote_count (WherryIceRemote *self, GError **error);
/* candidate: NULL with TRUE for a well formed one that is of no use to us. WHERRY_ERROR_PROTOCOL.
 */
gboolean wherry_ice_remote_parse (const char *line, WherryCandidate **candidate, GError **error);
/* (transfer full) candidate */
void wherry_ice_remote_add (WherryIceRemote *self, WherryCandidate *candidate);
void wherry_ice_remote_end (WherryIceRemote *self);

G_END_DECLS
