"""The steps of the loop: one module, one step, one public function. They never import one another."""
