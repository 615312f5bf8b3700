/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A NiceAgent, configured; what comes then is WherryIceSession's. Thread: peer */

#include <nice/agent.h>

#include "ice/wherry-ice-session.h"

G_BEGIN_DECLS

#define WHERRY_ICE_COMPONENT 1u

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NiceAgent, g_object_unref)

/* An agent with one stream of one component, everything configured, nothing opened yet.
 * (transfer full) */
NiceAgent *wherry_ice_agent_new (const WherryIceConfig *config, GMainContext *context,
                                 guint *stream, GError **error);
/* FALSE: a port range used up, an address that is not ours, no file descriptor. */
gboolean wherry_ice_agent_gather (NiceAgent *agent, guint stream, GMainContext *context,
                                  const WherryIceConfig *config, GError **error);

/* Controlling or controlled, after the configuration changed. */
void wherry_ice_agent_update_role (NiceAgent *agent, const WherryIceConfig *config);
/* FALSE: none is selected. */
gboolean wherry_ice_agent_get_pair (NiceAgent *agent, guint stream, WherryIcePair *pair);
/* The address of this machine by which the selected pair's packets leave, which is not the one that
 * is told of a candidate that a server gave. FALSE: none is selected. */
gboolean wherry_ice_agent_get_base (NiceAgent *agent, guint stream,
                                    char text[NICE_ADDRESS_STRING_LEN]);
void wherry_ice_agent_log_pair (NiceAgent *agent, guint stream, const WherryLogContext *log);

G_END_DECLS
