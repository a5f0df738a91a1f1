"""What a cell sees: images, tools, show, vlm and ReturnAnswer."""
