/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The end of a session's NiceAgents, which outlives the session. Thread: peer */

#include <nice/agent.h>

G_BEGIN_DECLS

typedef struct _WherryIceClosing WherryIceClosing;

WherryIceClosing *wherry_ice_closing_new (GMainContext *context);
/* (transfer full) agent, whose signals are disconnected and whose receiver is detached. Runs from
 * the context, never now: the caller may be inside one of the agent's callbacks. keep is given to
 * destroy when the agent is gone. */
void wherry_ice_closing_take (WherryIceClosing *self, NiceAgent *agent, guint stream, gpointer keep,
                              GDestroyNotify destroy);
/* Something else that has to end before the tasks return. (transfer full), to be given to release()
 * and to be freed by unref(). */
WherryIceClosing *wherry_ice_closing_hold (WherryIceClosing *self);
void wherry_ice_closing_release (WherryIceClosing *self);
/* (transfer full) task: returns TRUE on its context when nothing of the agents is left. */
void wherry_ice_closing_add (WherryIceClosing *self, GTask *task);
WherryIceClosing *wherry_ice_closing_ref (WherryIceClosing *self);
void wherry_ice_closing_unref (WherryIceClosing *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryIceClosing, wherry_ice_closing_unref)

G_END_DECLS
