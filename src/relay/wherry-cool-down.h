/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who was too slow for a room does not come straight back to it: the limit on how long one member
 * may hold up the others would begin anew with each of its joins. A member is known again by the
 * room and its address; on loopback, where everybody has the same, by its name too, and without a
 * name not at all. Thread: hub */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _WherryCoolDown WherryCoolDown;

WherryCoolDown *wherry_cool_down_new (void);
void wherry_cool_down_free (WherryCoolDown *self);
/* It may come back at until_us. address, name: (nullable) */
void wherry_cool_down_add (WherryCoolDown *self, const char *room, const char *address,
                           const char *name, gint64 now_us, gint64 until_us);
/* How long it has to wait; 0: not at all. */
gint64 wherry_cool_down_left_us (WherryCoolDown *self, const char *room, const char *address,
                                 const char *name, gint64 now_us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryCoolDown, wherry_cool_down_free)

G_END_DECLS
