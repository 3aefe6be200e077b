"""One module for each group of screens; `routes.SCREENS` names them."""
