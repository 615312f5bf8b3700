/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A NiceAgent's end, which outlives the session that owned it. Thread: peer */

#include <nice/agent.h>

G_BEGIN_DECLS

typedef struct _WherryIceClosing WherryIceClosing;

/* (transfer full) agent, whose signals are disconnected and whose receiver is detached. Runs from
 * the context, never now: the caller may be inside one of the agent's callbacks. */
WherryIceClosing *wherry_ice_closing_begin (NiceAgent *agent, guint stream, GMainContext *context);
/* (transfer full) task: returns TRUE on its context when nothing of the agent is left. */
void wherry_ice_closing_add (WherryIceClosing *self, GTask *task);
void wherry_ice_closing_unref (WherryIceClosing *self);

G_END_DECLS
