"""I3D in Keras, and experiments that ask what it has learned: the person or the place.

Nothing is imported here, so that `import i3d_tf.model.inception_i3d` needs Keras alone.
"""
