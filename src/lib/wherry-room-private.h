/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/wherry-room.h"

G_BEGIN_DECLS

WherryRoom *wherry_room_new (const char *name);
void wherry_room_add (WherryRoom *self, WherryMember *member);
/* FALSE: nobody is left. */
gboolean wherry_room_remove (WherryRoom *self, WherryMember *member);

G_END_DECLS
