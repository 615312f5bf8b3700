/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names as a test wants them. */

#include <gio/gio.h>

#define FAKE_TYPE_RESOLVER (fake_resolver_get_type ())
G_DECLARE_FINAL_TYPE (FakeResolver, fake_resolver, FAKE, RESOLVER, GResolver)

FakeResolver *fake_resolver_new (void);
/* address: NULL: the name is looked up for ever. What is not added is not found. */
void fake_resolver_add (FakeResolver *self, const char *name, const char *address);
guint fake_resolver_get_n_asked (FakeResolver *self);
/* Under way now, and the most that ever were. */
guint fake_resolver_get_n_active (FakeResolver *self);
guint fake_resolver_get_max_active (FakeResolver *self);
