/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The end of a session's NiceAgents, which outlives the session. Thread: peer */

#include <nice/agent.h>

G_BEGIN_DECLS

typedef struct _WherryIceClosing WherryIceClosing;

WherryIceClosing *wherry_ice_closing_new (GMainContext *context);
/* (transfer full) agent, whose signals are disconnected and whose receiver is detached. Runs from
 * the context, never now: the caller may be inside one of the agent's callbacks. */
void wherry_ice_closing_take (WherryIceClosing *self, NiceAgent *agent, guint stream);
/* (transfer full) task: returns TRUE on its context when nothing of the agents is left. */
void wherry_ice_closing_add (WherryIceClosing *self, GTask *task);
void wherry_ice_closing_unref (WherryIceClosing *self);

G_END_DECLS
