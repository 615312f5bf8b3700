/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One generation of a session (RFC 8445 section 9): an agent of its own with its own credentials,
 * sockets and candidates. A restart makes the next one, so that the one before goes on untouched
 * (consent, packets) until the new one is connected, and a rollback only has to forget it; a
 * network that came up since is found as well. (libnice never gathers twice in one stream.)
 * Thread: peer */

#include <nice/agent.h>

#include "base/wherry-log.h"
#include "base/wherry-loop-end.h"
#include "base/wherry-owner.h"
#include "ice/wherry-ice-closing.h"
#include "ice/wherry-ice-credentials.h"
#include "ice/wherry-ice-gatherer.h"
#include "ice/wherry-ice-output.h"
#include "ice/wherry-ice-remote.h"

G_BEGIN_DECLS

typedef struct _WherryIceGeneration WherryIceGeneration;

/* From libnice's callbacks; self stays valid during each. */
typedef struct
{
  void (*connected) (gpointer user_data, WherryIceGeneration *self); /* maybe again */
  void (*failed) (gpointer user_data,
                  WherryIceGeneration *self);                   /* every check, or consent ended */
  void (*pair) (gpointer user_data, WherryIceGeneration *self); /* another one is selected */
  void (*received) (gpointer user_data, WherryIceGeneration *self, const guint8 *data,
                    gsize length);
} WherryIceGenerationEvents;

struct _WherryIceGeneration
{
  grefcount ref_count;
  WherryOwner owner;
  WherryIceConfig *config; /* as the session's was when it was made */
  const WherryLogContext *log;
  GMainContext *context;
  NiceAgent *agent; /* NULL once closed */
  guint stream;
  WherryIceCredentials local;
  WherryIceRemote remote;
  WherryIceGatherer *gatherer;
  WherryIceOutput output;
  gboolean gathered;       /* gather() was called, successfully */
  gboolean nice_connected; /* as libnice sees it */
  gboolean connected;      /* and by a pair whose remote type is allowed */
  gboolean checks_failed;
  gboolean lost;   /* consent ended: only a pair that is selected since counts */
  gboolean losing; /* libnice is made to forget it: what it tells is not meant */
  guint losses;
  guint64 turn;       /* of the loop, in which... */
  guint n_received;   /* ...so many datagrams came */
  WherryLoopEnd *end; /* of a turn that brought many; NULL: none has */
  const WherryIceGenerationEvents *events;
  gpointer user_data;
};

/* config and local: taken over (its strings). WHERRY_ERROR_INVALID_ARGUMENT,
 * WHERRY_ERROR_RESOURCES. */
WherryIceGeneration *wherry_ice_generation_new (WherryIceConfig *config, GMainContext *context,
                                                const WherryLogContext *log,
                                                WherryIceCredentials *local,
                                                WherryIceClosing *closing, GError **error);
void wherry_ice_generation_set_events (WherryIceGeneration *self,
                                       const WherryIceGenerationEvents *events, gpointer user_data);
gboolean wherry_ice_generation_gather (WherryIceGeneration *self, GError **error);
/* connected, if the pair that libnice selected is allowed by now. */
void wherry_ice_generation_reconsider (WherryIceGeneration *self);
/* FALSE: none is selected. */
gboolean wherry_ice_generation_get_pair (WherryIceGeneration *self, WherryIcePair *pair);
/* No event comes any more; the agent goes to closing. */
void wherry_ice_generation_close (WherryIceGeneration *self, WherryIceClosing *closing);
WherryIceGeneration *wherry_ice_generation_ref (WherryIceGeneration *self);
void wherry_ice_generation_unref (WherryIceGeneration *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryIceGeneration, wherry_ice_generation_unref)

G_END_DECLS
