/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What every property of the objects that stand for W3C's was seen with. */

#include "lib/wherry.h"

/* Its properties now, and again whenever it tells of one; objects behind them too. Until it is
 * gone. */
void property_watch (gpointer object);
/* Now, untold. */
void property_watch_look (gpointer object, const char *property);
/* Prints a table. Each property of type must have been seen with two values; one that is in neither
 * list has changed in the life of an object, which told of it. fixed: names between blanks; those
 * never change in an object's life. untold: those that change, and nothing is told. */
void property_watch_check (GType type, const char *fixed, const char *untold);
